"""From responses to scores, and from scores to what one may claim."""
