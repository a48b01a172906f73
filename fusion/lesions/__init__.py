"""From a tumour's mask to numbers: volumes, diameters, lesions, their change and their place."""
