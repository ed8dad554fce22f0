"""Upload artifacts; deploy stacks by change sets; follow events; read outputs and addresses."""
