"""What all tests need of the process that they run in."""

import signal

from hypothesis import settings

# A shell without job control starts what it sends to the background deaf to interrupts, and so
# would be the processes that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long a test takes depends on what else the machine does: speed is measured by benchmarks.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
