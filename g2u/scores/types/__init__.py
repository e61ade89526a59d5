"""Answer types: how a response is read and compared; one file each."""
