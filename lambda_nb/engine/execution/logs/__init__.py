"""An environment's log stream, and the pipe its processes write to."""
