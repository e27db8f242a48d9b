"""Members: the register, connections, contracts and sign-in.

Owns: who is a member and since when, which connection they hold, what they signed, who may sign in and is signed in;
the imports that brought these in; who each co-operative is and what it chose (``coop.communities``). Names, addresses
and e-mail of persons live here and nowhere else.

Tells: MemberAdmitted, MemberLeft, ConnectionOpened, ConnectionClosed, ContractSigned, ContractEnded, SessionsEnded,
CommunityDescribed, ChoiceMade.

Hears: ChoiceAdopted. The register follows the secretary, not the machines.

Refuses: readings, money, votes; national identification numbers (no legal basis:
docs/domain/personal-data.md#what-may-be-used).
"""
