"""Events in the notebook: samples of every source, what arrived, and the same once more."""
