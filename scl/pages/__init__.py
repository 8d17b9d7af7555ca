"""Pages that people read: one self-contained HTML file each, without a script, in one style; charts are inline SVG."""
