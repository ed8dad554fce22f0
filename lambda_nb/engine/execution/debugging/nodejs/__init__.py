"""Node.js functions under a debugger: the inspector of their process, translated to DAP."""
