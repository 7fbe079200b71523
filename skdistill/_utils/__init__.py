"""What all rooms use and none owns; internal."""
