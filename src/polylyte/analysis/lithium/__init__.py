"""Lithium metal: how reversibly it is plated and stripped."""
