"""``lab``: execution environments on a stage, animated from a real or a simulated run."""
