"""What black-box tests share: servers, clients, zips, waiting."""
