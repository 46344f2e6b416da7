"""Sites that energise, chips that arrive, age and fail: capacity, and the power it draws."""
