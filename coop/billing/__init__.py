"""Billing: tariffs, the guarantee, bills and the ledger.

Owns: the law that sets prices and what of it waits for a second person, written notices of tariffs and the lists that
wait for one, yearly figures (price index, degree days), bill runs, bills with their lines and the state of the
guarantee, drafted runs that wait for the treasurer, runs that are being made, the papers of bills and whom they are
for, the ledger.

Tells: LawPublished, BillIssued, BillArchived, TariffNoticeOrdered, TariffNoticeConfirmed, TariffAnswered,
ProgramTokenUsed.

Hears: CommunityDescribed, ChoiceMade, MemberAdmitted, MemberLeft, ConnectionOpened, ContractSigned, ContractEnded,
ContractPartiesNamed, BillAddressed, GasBillsCorrected, MessageSent, MessageFailed, PeriodMeasured, EnergyAllocated,
PeriodClosed, TariffProposed, TariffAdopted, DecisionStopped, TrancheReleased.

Refuses: to hold a tariff that no meeting adopted, to bill a period that metering has not closed, to change a bill that
was issued, and to issue one above the member's ceiling. It reads no meter and counts no vote.
"""
