"""Messages that go out to others: to recipients, each delivered at least once, with its proof or its reason.

A ``Queue`` follows the journal of its service. For each sealed fact after the queue's position its ``make`` says which
messages follow (recipient, subject, media type, body); they are written in one transaction with the moved position. A
service that has something to send which follows from no fact of its own, such as a link to sign in or a fact that it
heard, calls ``enqueue`` in the transaction that causes it. A ``Worker`` makes and sends for as long as the process
lives; any number of processes may do so at once.

    def welcome(tx: Tx, envelope: Envelope) -> Sequence[Message]:
        if envelope.type != MemberAdmitted.TYPE:
            return ()
        ...
        return [mail.compose(address, "Welcome", text)]

    Service(..., queues=lambda room: [Queue("mail", Mail(room.settings.smtp_url, room.settings.mail_from), welcome)])

Invariants:

* A message's id follows from co-operative, queue, cause and recipient, so a repeat and a kill never make it twice. Who
  enqueues gives a cause that is new for each message to the same recipient; the second one with the same cause *is* the
  first one.
* A message waits until it is delivered, with what the other side answered as its proof, or failed, with the reason.
  Nothing leaves the table, and whatever failed can be tried again by hand, or withdrawn for what goes instead. Once
  delivered its body is emptied, for it may hold what is nobody's business any more; its hash stays, to be compared
  with what is filed elsewhere.
* A process that is killed after the other side took a message and before that was noted sends it again. The recipient
  tells the two apart by nothing but the key of the message, which is the same each time: ``Message-ID`` in mail,
  ``webhook-id`` in webhooks, the name and the content of a file.
* To one recipient messages go in the order in which they were made: one that has to wait holds up those behind it, and
  one that failed does not. A queue whose messages stand by themselves says ``in_order=False``.
* A claim is a try that is counted and a next try that is set before anything is sent, so a message that kills its
  process comes again after ``CLAIM_LASTS`` and not for ever.
* A queue that is new begins behind what its service has told so far (nobody wants mail about last year), or with the
  first fact of all (``from_start=True``).

What follows elsewhere from a message that was delivered or failed is noted by its queue's ``settle``, in the
transaction that notes it in the queue: both or neither, once.

Three kinds of failure tell what happens next: ``Away`` (the server of all messages is away: nothing is counted, and
the worker says so), ``TryLater`` (this message: again after a growing wait, ``tries_max`` times), ``Refused`` (this
message, for good). A ``make`` that refuses or fails parks its fact as a dead letter, from which the messages can be
made later.
"""

from coop.kit.outbound.making import UNMADE, make_again, make_due
from coop.kit.outbound.message import (
    Away,
    Delivery,
    Message,
    Outgoing,
    Queue,
    Refused,
    Settled,
    State,
    Transport,
    TryLater,
)
from coop.kit.outbound.reading import STATES, Figures, count_messages, list_messages, page_messages, read_figures
from coop.kit.outbound.sending import send_due, wait_after
from coop.kit.outbound.store import enqueue, enqueue_all, name_message, retry, retry_all, withdraw
from coop.kit.outbound.worker import Worker

__all__ = [
    "STATES",
    "UNMADE",
    "Away",
    "Delivery",
    "Figures",
    "Message",
    "Outgoing",
    "Queue",
    "Refused",
    "Settled",
    "State",
    "Transport",
    "TryLater",
    "Worker",
    "count_messages",
    "enqueue",
    "enqueue_all",
    "list_messages",
    "make_again",
    "make_due",
    "name_message",
    "page_messages",
    "read_figures",
    "retry",
    "retry_all",
    "send_due",
    "wait_after",
    "withdraw",
]
