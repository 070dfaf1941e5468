"""From `.cell` text to the IR: syntax, names, model, lowering, analysis."""
