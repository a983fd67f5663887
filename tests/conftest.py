"""What all tests need of the process that they run in."""

import signal

# A shell without job control starts what it sends to the background deaf to interrupts, and so
# would be the processes that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
