"""Communities: who a co-operative is, under which host names it is met, and what it chose.

Owns: the dated profile of every co-operative of the installation, its host names, and its dated choices; rows are
    only ever added. The truth lies in the members service, which tells CommunityDescribed and ChoiceMade; every other
    service keeps what it heard of them in tables of the same shape.
Refuses: two co-operatives under one host name, and a choice that touches money without a resolution of the meeting.
"""
