"""What `rescind doctor` finds in values that somebody else has read: no module here calls anybody."""
