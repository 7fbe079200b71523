"""What all rooms use and none owns; nothing of it is public, and all of it may move."""
