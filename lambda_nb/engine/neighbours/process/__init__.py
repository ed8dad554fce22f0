"""The neighbours' process: started and watched from here, answering HTTP there."""
