"""Members: the register, connections, contracts and sign-in.

Owns: who is a member and since when, which connection they hold, what they signed, of which moves they told, who may
sign in, with which second factor, and is signed in; which programs may come in, with what scopes, and for which
meters a gateway speaks; the imports that brought these in; messages to members, by mail or letter, with their proof;
what members said to each use of their data; who each co-operative is and what it chose (``coop.communities``). Names,
addresses and e-mail of persons live here and nowhere else.

Tells: MemberAdmitted, MemberChanged, MemberLeft, ConnectionOpened, ConnectionDescribed, ConnectionClosed,
ContractSigned, ContractPartiesNamed, ContractEnded, GasBillsCorrected, BillAddressed, SessionsEnded,
CommunityDescribed, ChoiceMade, ChoiceAnswered, ProgramTokenMade, GatewayMetersSet, DeviceMetersSet, ProgramTokenEnded,
MessageSent, MessageFailed, ConsentGiven, ConsentWithdrawn.

Hears: ChoiceAdopted, DecisionRecorded, DecisionStopped, BillIssued, PeriodMeasured, TariffNoticeOrdered,
MeetingConvened, MeetingWithdrawn, PointWithdrawn, PaperAdded, MotionAdmitted, CandidatesNamed, PersonElected,
SteeringSeatTaken,
MandateGiven, MandateEnded, MemberSuspended, SuspensionLifted, MemberExpelled,
ExpulsionSettled, EntryDropped, VoteOpened, NewVoteOpened,
ElectionVoteOpened, VoteClosing, BallotEntered, ReferendumAsked, ReadingChanged, ProgramTokenUsed,
UseSeen (who looked at whose use).
The register follows the secretary, not the machines.

Refuses: readings, money, votes; national identification numbers (no legal basis:
docs/domain/personal-data.md#what-may-be-used).
"""
