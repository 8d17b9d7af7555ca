"""The live monitor: a recording played to boards, turned or shifted by the user, and what they answer."""
