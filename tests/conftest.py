"""What all tests share: properties are tried without a stop-watch, because a busy machine is not a bug."""

from hypothesis import HealthCheck, settings

settings.register_profile("fermata", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fermata")
