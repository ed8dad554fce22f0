"""Resources of which a stack only knows that somebody answers for them: custom ones, and waits."""
