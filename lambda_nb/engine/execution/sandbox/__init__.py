"""What keeps environments apart: isolation levels, control groups, memory, ``/tmp``, CPU share."""
