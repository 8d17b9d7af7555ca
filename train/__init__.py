"""Train SCL encoders on wearable recordings."""
