"""The words that everything else is said in: values and ports, standard library alone."""
