"""The sandbox's second store: plain JSON results at ``/v1``, for a plugin that is told not to speak FHIR."""

from plugin.sandbox.results.app import BASE, mount

__all__ = ["BASE", "mount"]
