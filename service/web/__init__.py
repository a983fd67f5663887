"""The moderators' page: server-made, right-to-left first, at work without JavaScript too."""
