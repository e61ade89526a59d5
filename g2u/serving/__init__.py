"""A local adapter behind an OpenAI-compatible address: `g2u serve MODEL`."""
