"""Elections of persons at a members' meeting: candidates of the notice, rounds by the statutes, counts, lots, terms.

Owns: the rounds of an election with their ballots, what was counted on paper, the lots that were drawn, and who sits in
an office until when. An election is a point of an agenda, of kind ``election``; closing its meeting decides it.

Refuses: a candidate who does not stand in the notice; an electronic vote where the statutes ask a secret ballot; a
count on paper, or a lot, on the word of one person; a round ahead of the outcome of the one before.
"""
