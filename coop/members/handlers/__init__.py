"""What the secretary does with the register. Every command can be repeated: the second time changes nothing."""

from coop.members.handlers.imports import ImportReceipt, import_register, undo_import
from coop.members.handlers.membership import change_contact, end_membership

__all__ = ["ImportReceipt", "change_contact", "end_membership", "import_register", "undo_import"]
