"""Who pays for AI compute? Simulates a build-out contract by contract, month by month."""
