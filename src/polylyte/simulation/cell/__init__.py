"""Full cells: porous-electrode (Newman) models of lithium-metal cells."""
