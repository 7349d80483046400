"""What people look at: grids, video, charts, numbers as words."""
