"""Markets as series of prices and rates. Expectations look at today and at inputs, never ahead."""
