"""Pictures: people, maps, fields."""
