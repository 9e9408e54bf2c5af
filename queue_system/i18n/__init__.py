"""Words, digits, dates and the direction of text: pure, no database, no settings, no clock."""
