"""What holds for all tests."""

from hypothesis import settings

# A test is never timed: machines are noisy, and what is compiled takes seconds when it is first called.
settings.register_profile("feedmill", deadline=None)
settings.load_profile("feedmill")
