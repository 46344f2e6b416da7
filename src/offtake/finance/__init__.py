"""Pure arithmetic of finance on arrays, paths last; knows no contract, no plan and no calendar."""
