"""Pictures: decoded under limits, held in bounded bytes, filtered, compared."""
