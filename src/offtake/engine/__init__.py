"""The engine: claim, clear, settle, month by month, on arrays. It knows no word of the domain."""
