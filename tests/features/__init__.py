"""The features, asked as people ask them."""
