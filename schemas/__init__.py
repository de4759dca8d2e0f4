"""The words of the domain: frozen, slotted dataclasses. Standard library only, no I/O."""
