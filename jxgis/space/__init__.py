"""The ground floor: which polygon a point is in, people in polygons, overlays, what hangs together, cells, blocks, streets."""
