"""The laws, one family a module. A new module joins by being here."""
