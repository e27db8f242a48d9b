"""Metering: from a meter's telegram to what each member used and was allocated.

Owns: the register of meters and their registers, deliveries, readings (packed days, versioned), sharing groups,
closed periods with their measurements and allocation runs, the documents that these were computed from, proposals of
what happened at breaks of registers and to meters and the answers to them, late values, which months of readings are
set aside, looks of others at the use of members, what was found odd about meters.

Tells: PeriodMeasured, EnergyAllocated, PeriodClosed, HeatSystemReported, AllocationKeyAnswered,
SharingGroupChanged and ConnectionMetered (by which a key is judged before the vote),
ProgramTokenUsed, ReadingChanged (to the member whose meter it is), UseSeen.

Hears: CommunityDescribed, ChoiceMade, ConnectionOpened, ConnectionClosed (who used what), ContractSigned,
ContractEnded (where a meter is missed), AllocationKeyAdopted (how shared energy is divided), DecisionStopped.

Refuses: to overwrite a reading, to let one account alone replace what a device measured or change a meter that was
read, to believe a sender's clock, to know a price or a person, to divide energy by a key
that no meeting adopted, to close a period silently on readings that are not there, and to bill over a fall that
nothing explains.
"""
