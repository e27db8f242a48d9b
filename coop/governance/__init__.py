"""Governance: statutes, meetings, votes, resolutions that act, programmes and their money.

Owns: the statutes as data, notices of meetings with their resolutions and the hash of every resolution's parameters,
    withdrawals of meetings and points, suspensions of members, memberships that the board ends with their appeals,
    voting lists, mandates, attendance, open ballots with their history and the objections to them, words of a chair
    or an outside body that two people signed, outcomes that were disputed at the meeting, referenda that members
    asked, falls of decisions, elections of persons with their votes, counts, lots and terms, documents of points,
    motions on them with who backs these, what one person entered from a paper and another confirmed, verdicts,
    minutes; programmes with phases, milestones, reports of these with their papers, and tranches; seats of the
    steering group and its numbered decisions. They are only ever added to, each with the server's time and whoever said
    it: a database trigger refuses to change or delete them.
    Documents that wait for a notice may be taken away.
Tells: StatutesAdopted, MeetingConvened, TariffProposed, MeetingWithdrawn, PointWithdrawn, VotingListFrozen,
    BallotsCommitted, MandateGiven, MandateEnded, AttendanceNoted, AttendanceFrozen, BallotEntered, BallotDisputed,
    EntryDropped, WordGiven, MemberSuspended, SuspensionLifted, MemberExpelled, ExpulsionAppealed, ExpulsionSettled,
    CandidatesNamed, ElectionVoteOpened, ElectionBallotsCommitted, ElectionVoteCounted, LotDrawn, PersonElected,
    TermEnded, ResolutionDecided, RulingDisputed, NewVoteOpened, MotionHandedIn, MotionBacked, MotionAdmitted,
    AmendmentsOrdered, MinutesConfirmed, PaperAdded, TariffAdopted, AllocationKeyAdopted, ChoiceAdopted,
    RealisationDecided, DecisionRecorded, DecisionStopped, ReferendumAsked, ReferendumGranted, RequestDisputed,
    MilestoneReached, TrancheReleased, TrancheReferred, SteeringSeatTaken, SteeringSeatEnded, SteeringDecided; by the
    calendar VoteOpened, VoteClosing, VoteEnded, DeadlinePassed, SteeringReminded; ProgramTokenUsed.
Hears: CommunityDescribed, ChoiceMade, MemberAdmitted, MemberChanged, MemberLeft, MessageSent, MessageFailed,
    PeriodClosed, SharingGroupChanged and ConnectionMetered (over whom a key could divide), LawPublished,
    TariffAnswered, AllocationKeyAnswered, ChoiceAnswered (what was decided and could not be taken).
Refuses: to release money on the word of one party or of who has no seat, to judge prices (billing does), to believe
    a date of a notice, a ballot or a closing, to let one person speak for others, to count anything before a meeting is
    closed, to hold a secret ballot as long as a ballot could be tied to a member (an election that the statutes want
    secret is held on paper, and its count entered by two), to let a parameter or a document change after the notice, to
    let anybody replace a vote that a member cast personally, to tell anybody how a person voted.
"""
